.PHONY: service-crash
## make service-crash  mlopsd under KILLS (500) kills, cuts and restarts, JOBS (200) jobs;
##                 nothing else may change build/ or share/ meanwhile
service-crash: tests tools
	@KILLS=$(or $(KILLS),500) JOBS=$(or $(JOBS),200) tests/integration/service-crash.sh $(B)
