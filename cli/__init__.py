"""The command line, installed as `ganapps.cli`: parse, call one public function, print."""
