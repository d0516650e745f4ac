"""Plan, diff, errors and progress as a person reads them."""
