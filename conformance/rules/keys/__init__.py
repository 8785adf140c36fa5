"""Rules about keys over their life: states, deletion, imported material, aliases, rotation."""
