// The CRDs that the tests install, as Go modules: go.sum pins every line of them. No package here has code of its own.
module crds

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.20.0
	istio.io/api v1.31.1
	sigs.k8s.io/gateway-api v1.6.3
)
