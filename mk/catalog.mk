.PHONY: man
## make man        the pages that are made: mlops-patterns(7), -rules(7), -reports(7)
man: all
	$(B)/bin/mlops catalog manual >$(B)/mlops-patterns.7
	cp $(B)/mlops-patterns.7 man/mlops-patterns.7
	tools/example-pages $(B)
