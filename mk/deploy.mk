## make deploy-emulated  apply and destroy deploy/terraform against an AWS emulator (minutes)
.PHONY: deploy-emulated
deploy-emulated: tools
	@tests/integration/deploy-emulated
