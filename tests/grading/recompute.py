"""What grades.csv must say, from the gradebook's file and the decisions alone: it shares no line with the course."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from datetime import datetime, timedelta


def recompute(path, worth, due, per_day, attempts):
    """(student, chapter) -> points. worth: chapter -> exercise -> points; due: chapter -> naive UTC time."""
    with closing(sqlite3.connect(path)) as book:
        hands = book.execute("select student_id, exercise, points from adjustments order by id").fetchall()
        by_hand = {(student, exercise): points for student, exercise, points in hands if points is not None}
        arrived, earned, tried = defaultdict(list), defaultdict(dict), defaultdict(list)
        for number, time in book.execute("select submission_id, submitted_at from arrivals"):
            arrived[number].append(datetime.fromisoformat(time))
        for number, exercise, points, most, status in book.execute(
            "select submission_id, exercise, points, max_points, status from verdicts"
        ):
            earned[number][exercise] = (points / most, status)
        query = "select id, student_id, chapter from submissions where status = 'graded'"
        for number, student, chapter in book.execute(query):
            first, shares = min(arrived[number]), earned[number]
            given = sum(
                by_hand.get((student, e), shares.get(e, (0, ""))[0] * w) for e, w in worth.get(chapter, {}).items()
            )
            late = (first - timedelta(microseconds=1)).date() - (due[chapter] - timedelta(microseconds=1)).date()
            kept = 1 if first <= due[chapter] else max(0, 1 - per_day * max(1, late.days))
            answered = sum(
                status != "not attempted" for e, (_, status) in shares.items() if e in worth.get(chapter, {})
            )
            tried[student, chapter].append((first, answered, given, given * kept, max(arrived[number])))
    marks = {}
    for key, attempts_at in tried.items():
        newest = max(attempts_at)
        counts = [t for t in attempts_at if attempts == "best" or t is newest or t[4] > newest[0]]
        if key[1] in worth:
            marks[key] = max(points for _, _, _, points, _ in counts)
    return marks
