"""The form of the tables: methods, route, parameters (`name=value`: must be there), reason."""

Table = tuple[tuple[str, str, str, str], ...]
