{{- define "l7guard.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of all objects. 52 characters leave room for the suffixes. */}}
{{- define "l7guard.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "l7guard.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "l7guard.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "l7guard.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is mandatory with serviceAccount.create: false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "l7guard.selectorLabels" -}}
app.kubernetes.io/name: {{ include "l7guard.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "l7guard.labels" -}}
{{ include "l7guard.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "l7guard.image" -}}
{{- $repository := required "image.repository is mandatory: the registry and name of your l7guard image" .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The name of the Secret with the certificate; empty: l7guard makes its own. */}}
{{- define "l7guard.certificateSecret" -}}
{{- if eq .Values.certificates.mode "certManager" -}}
{{- include "l7guard.fullname" . }}-tls
{{- else if eq .Values.certificates.mode "files" -}}
{{- required "certificates.files.secretName is mandatory with certificates.mode: files" .Values.certificates.files.secretName -}}
{{- end -}}
{{- end -}}

{{/* The restricted profile of the Pod security standards. */}}
{{- define "l7guard.containerSecurityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- end -}}

{{- define "l7guard.podSecurityContext" -}}
runAsUser: 65532
runAsGroup: 65532
runAsNonRoot: true
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Objects that `helm test` creates, and deletes once it has succeeded. */}}
{{- define "l7guard.testHook" -}}
helm.sh/hook: test
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
