"""What the law asks of personal data, as code: access, erasure, retention, and a log of each."""
