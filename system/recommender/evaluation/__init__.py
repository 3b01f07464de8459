"""How good a model is, judged by what customers bought afterwards."""
