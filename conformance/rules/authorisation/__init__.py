"""What a caller may do: permissions by operation and identity; a refusal changes nothing."""
