.PHONY: man
## make man        mlops-patterns(7) anew, from share/patterns
man: $(B)/bin/mlops
	$(B)/bin/mlops catalog manual >$(B)/mlops-patterns.7
	cp $(B)/mlops-patterns.7 man/mlops-patterns.7
