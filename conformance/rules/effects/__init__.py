"""What calls do: what was created is described and listed, what was deleted is gone."""
