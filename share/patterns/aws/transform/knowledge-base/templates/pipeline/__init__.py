"""Documents to vectors by a knowledge base."""
