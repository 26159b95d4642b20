"""The fault run: short events, harm at random, a look from outside at what became of it all."""
