"""The pipeline of export.encode_beam, and what its workers do."""
