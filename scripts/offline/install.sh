#!/usr/bin/env bash
# Verifies the bundle and installs the dashboard from it, without any network.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(tr -d '[:space:]' <"$here/python.txt")
for python in "python$version" python3; do
  if "$python" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
    exec "$python" "$here/project/scripts/launch.py" install --bundle "$here"
  fi
done
echo "这个离线安装包需要 Python $version，本机没有找到。" >&2
exit 1
