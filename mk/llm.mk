.PHONY: sdks llm-matrix
## make sdks       the model providers' official Python SDKs, into .tools/sdks/
sdks:
	@tools/install-sdks
tools: sdks

## make llm-matrix every provider x every fault x every node; make check covers pairs
llm-matrix: tests
	@MATRIX=whole tests/integration/llm-matrix.sh $(B)

# libcurl brings the shared libcrypto, which the signatures of a bucket may use as well:
# a static one beside it cost each call a millisecond and a third of a mebibyte.
$(B)/bin/mlops-llm: PKG_LIBS := -lcrypto $(PKG_LIBS)
