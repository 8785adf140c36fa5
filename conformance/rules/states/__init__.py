"""Operations on keys in each state."""
