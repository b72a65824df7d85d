"""How the two players move: one step, scaled losses, both optimizers."""
