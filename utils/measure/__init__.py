"""From answers to rows, tables, intervals and figures. Knows no model: it scores text."""
