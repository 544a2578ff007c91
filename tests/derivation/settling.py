"""Which line of a report settles a claim that was appended to its definitions."""


def settling(report, given):
    """The first claim after the `given` lines that is not right, else the last; the given must stand."""
    refused = [k.message for k in report.lines[:given] if k.verdict not in ("definition", "right")]
    assert not refused, f"a given line was refused: {refused}"
    claims = report.lines[given:]
    assert claims, "the line is missing from the report"
    return next((k for k in claims if k.verdict not in ("definition", "right")), claims[-1])
