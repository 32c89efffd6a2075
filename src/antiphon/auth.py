"""Ways to prove who a workload is, for `OpenAI(workload_identity=…)`.

>>> from antiphon.auth import k8s_service_account_token_provider
>>> identity = {
...     "identity_provider_id": "idp_1",
...     "service_account_id": "sa_1",
...     "provider": k8s_service_account_token_provider(),
... }

The names are those of the official package's own `auth`.
"""

from __future__ import annotations

from .providers.subject import SubjectTokenProvider as SubjectTokenProvider
from .providers.subject import azure_managed_identity_token_provider as azure_managed_identity_token_provider
from .providers.subject import gcp_id_token_provider as gcp_id_token_provider
from .providers.subject import k8s_service_account_token_provider as k8s_service_account_token_provider
from .providers.workload import SubjectTokenWorkloadIdentity as SubjectTokenWorkloadIdentity
from .providers.workload import WorkloadIdentity as WorkloadIdentity
from .providers.workload import X509WorkloadIdentity as X509WorkloadIdentity
from .providers.workload import x509_workload_identity as x509_workload_identity
from .providers.workload_auth import WorkloadIdentityAuth as WorkloadIdentityAuth

__all__ = [
    "SubjectTokenProvider",
    "SubjectTokenWorkloadIdentity",
    "WorkloadIdentity",
    "WorkloadIdentityAuth",
    "X509WorkloadIdentity",
    "azure_managed_identity_token_provider",
    "gcp_id_token_provider",
    "k8s_service_account_token_provider",
    "x509_workload_identity",
]
