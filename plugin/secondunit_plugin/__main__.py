from secondunit_plugin.cli.main import main

main()
