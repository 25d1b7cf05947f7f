# plans.sh - approved states for the suites that generate repositories. Sourced
# after tests/integration/lib.sh; not a suite itself.
# shellcheck shell=bash disable=SC2154

# constraints NAME: one of the three sets of constraints.
constraints() {
	case $1 in
	rag) echo '{"schema_version":2,"constraints":{"cloud":"aws","regions":["eu-central-1"],"data_residency":["EU"],"budget_band":{"max_usd":30000,"currency":"USD","period":"month","hard":false},"data_classification":"pii","sla_latency_ms":4000,"sla_latency_percentile":95,"availability_target":99.5,"throughput":{"requests_per_second":2,"users":500,"documents":20000,"storage_gb":40},"workload_types":["online","batch"],"use_cases":["rag"],"compliance":["GDPR"]}}' ;;
	fraud) echo '{"schema_version":2,"constraints":{"cloud":"aws","regions":["eu-west-1"],"budget_band":{"max_usd":20000,"currency":"USD","period":"month","hard":false},"data_classification":"pci","sla_latency_ms":150,"sla_latency_percentile":95,"availability_target":99.9,"throughput":{"requests_per_second":200,"events_per_second":400,"storage_gb":500},"workload_types":["streaming","online"],"use_cases":["fraud"],"compliance":["PCI-DSS"],"deployment_pref":"containers","storage_prefs":["s3"],"observability_prefs":["cloudwatch"],"existing_stack":["github"],"exclusions":["emr"],"team_constraints":{"languages":["python"],"size":6}}}' ;;
	batch) echo '{"schema_version":2,"constraints":{"cloud":"aws","regions":["us-east-1"],"budget_band":{"max_usd":2500,"currency":"USD","period":"month","hard":false},"data_classification":"internal","throughput":{"gb_per_day":20,"storage_gb":2000},"workload_types":["batch"],"use_cases":["training","forecasting"]}}' ;;
	esac
}

# approve: binds an approval to a state as it now stands, whatever policy says of it.
approve() {
	mlops-gate -q --compact --approve --actor test 2>/dev/null |
		"$top/$build/tests/seal"
}

# approved NAME: from constraints to an approved state, on stdout.
approved() {
	constraints "$1" | mlops-plan -q --compact 2>/dev/null | mlops-critic -q --compact |
		mlops-policy -q --compact | approve
}
