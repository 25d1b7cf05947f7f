## make tools      pinned linters and checkers of generated repositories, into .tools/
tools:
	@tools/install-tools
	@tools/install-service-tools
