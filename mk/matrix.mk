.PHONY: matrix emulate
## make matrix     every check of every example's and labelled brief's best three; MINUTES= of it, JOBS= at once
BRIEFS ?= $(filter-out examples/README.md,$(wildcard examples/*.md ../shared/data/briefs/*.md))
matrix: all tools
	@PATH="$(CURDIR)/.tools/bin:$(CURDIR)/.tools/venv/bin:$$PATH" \
		python3 tests/matrix/matrix.py $(B) --record tests/matrix/record.json \
		$(if $(MINUTES),--minutes $(MINUTES)) $(if $(JOBS),--jobs $(JOBS)) $(BRIEFS)
## make emulate    terraform plan of every pattern and pair, apply and destroy against moto
emulate: all tools
	@PATH="$(CURDIR)/.tools/bin:$$PATH" python3 tests/matrix/cover.py check $(B)
	@PATH="$(CURDIR)/.tools/bin:$$PATH" python3 tests/matrix/emulate.py plan $(B)
	@PATH="$(CURDIR)/.tools/bin:$$PATH" python3 tests/matrix/emulate.py record $(B)
