@echo off
rem Verifies the bundle and installs the dashboard from it, without any network.
chcp 65001 >nul
set PYTHONUTF8=1
set /p VERSION=<"%~dp0python.txt"
set PYTHON=python
where py >nul 2>nul && set PYTHON=py -%VERSION%
%PYTHON% "%~dp0project\scripts\launch.py" install --bundle "%~dp0."
pause
