import Glibc

// A reader that leaves (`jarvisctl status | head`) is no failure: writing says EPIPE, and that ends the program quietly.
signal(SIGPIPE, SIG_IGN)
exit(Process.main())
