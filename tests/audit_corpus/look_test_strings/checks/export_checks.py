import json
import unittest
from unittest import mock


def export_lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


class ExportChecks(unittest.TestCase):
    def check_lines(self):
        self.assertEqual(export_lines([{"a": 1}]), '{"a": 1}\n')

    def check_name(self):
        export = mock.Mock(return_value="out/export.jsonl")
        self.assertTrue(export().endswith(".jsonl"))
        export.assert_called_once_with()

    def check_written(self):
        opened = mock.mock_open()
        with mock.patch("builtins.open", opened):
            self.export_to("export.jsonl")
        opened.assert_called_once_with("export.jsonl", "a")
        opened().write.assert_called_with('{"a": 1}\n')

    def export_to(self, name):
        raise NotImplementedError(name)
