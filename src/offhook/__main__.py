from offhook.cli import main

main()
