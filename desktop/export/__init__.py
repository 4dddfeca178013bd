"""Results to take along: the history as a workbook and as CSV."""
