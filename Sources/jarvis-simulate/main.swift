Simulate.main()
