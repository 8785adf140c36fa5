"""Rules about KMS Agent: who may ask it, what it answers, how often it asks KMS."""
