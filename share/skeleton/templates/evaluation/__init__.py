"""How good answers are, measured on questions with known answers."""
