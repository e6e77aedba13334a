@echo off
rem Sets the project up on the first run, then does: start.
chcp 65001 >nul
set PYTHONUTF8=1
set PYTHON=python
where py >nul 2>nul && set PYTHON=py -3
%PYTHON% "%~dp0launch.py" start %*
set CODE=%errorlevel%
if not %CODE%==0 pause
exit /b %CODE%
