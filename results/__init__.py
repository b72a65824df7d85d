"""What runs wrote, and the table of them."""
