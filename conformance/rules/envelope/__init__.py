"""Every answer, good or bad: status, RequestId, members, formats, content types, times."""
