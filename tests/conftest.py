"""One rule for every test run: with COURSE_STRICT or CI set, a skipped test fails unless it names missing hardware."""

import os

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a strict session in which a test was skipped for another reason than hardware that is not there."""
    if not (os.environ.get("COURSE_STRICT") or os.environ.get("CI")):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # one of several processes: the one that started them looks at all reports
        return
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2]
        if "hardware" not in reason:
            reporter.ensure_newline()
            reporter.write_line(f"Skipped without naming missing hardware, so failed: {report.nodeid}: {reason}")
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
