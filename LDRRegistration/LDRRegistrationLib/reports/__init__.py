"""Files for readers: pictures, report.json, the report on changes."""
