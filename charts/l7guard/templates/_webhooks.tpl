{{/*
The entries of the webhook configuration. Their set and names are fixed for ever: caBundle is written into them by l7guard (or
cert-manager), and server-side apply cannot remove an entry of which another one has applied a field. A kind that is switched off
has no rules; a new kind joins an entry. The rules of two entries never meet, so that each write is asked about once.
`key` is the entry's key in `webhook.kinds`, `condition` the define below that says which updates are asked about.
*/}}
{{- define "l7guard.entries" -}}
- name: ingresses
  key: ingresses
  condition: l7guard.changed
  rules:
    - {groups: [networking.k8s.io], resources: [ingresses]}
- name: ingressclasses
  key: ingressClasses
  condition: l7guard.changed
  rules:
    - {groups: [networking.k8s.io], resources: [ingressclasses]}
- name: services
  key: services
  condition: l7guard.changed
  rules:
    - {groups: [""], resources: [services]}
- name: gateways
  key: gateways
  condition: l7guard.changed
  rules:
    - {groups: [gateway.networking.k8s.io], resources: [gateways]}
- name: gatewayclasses
  key: gatewayClasses
  condition: l7guard.changed
  rules:
    - {groups: [gateway.networking.k8s.io], resources: [gatewayclasses]}
- name: listenersets
  key: listenerSets
  condition: l7guard.changed
  rules:
    - {groups: [gateway.networking.k8s.io], resources: [listenersets]}
    - {groups: [gateway.networking.x-k8s.io], resources: [xlistenersets]}
- name: routes
  key: routes
  condition: l7guard.changed
  rules:
    - {groups: [gateway.networking.k8s.io], resources: [httproutes, grpcroutes]}
- name: targetgroupbindings
  key: targetGroupBindings
  condition: l7guard.bindingChanged
  rules:
    - {groups: [elbv2.k8s.aws, eks.amazonaws.com], resources: [targetgroupbindings]}
{{- end -}}

{{/* What is always asked about: whatever is no update, and every dry run, whose answer is the preview of the audit mode. */}}
{{- define "l7guard.always" -}}
request.operation != 'UPDATE' ||
(has(request.dryRun) && request.dryRun) ||
object == null || oldObject == null
{{- end -}}

{{/*
An update that changes what any rule may read. Optional selection (`.?`) never fails, also where a field is absent, null or of
another type, and comparing costs the same for every size of object.
*/}}
{{- define "l7guard.changed" -}}
{{ include "l7guard.always" . }} ||
object.?spec != oldObject.?spec ||
object.?metadata.?labels != oldObject.?metadata.?labels ||
object.?metadata.?annotations != oldObject.?metadata.?annotations
{{- end -}}

{{/*
The same of a TargetGroupBinding, by field: its controller writes annotations and other fields before it registers targets, and
stops where it may not. No rule reads those.
*/}}
{{- define "l7guard.bindingChanged" -}}
{{ include "l7guard.always" . }} ||
object.?metadata.?labels != oldObject.?metadata.?labels ||
object.?spec.?serviceRef != oldObject.?spec.?serviceRef ||
object.?spec.?targetGroupARN != oldObject.?spec.?targetGroupARN ||
object.?spec.?targetGroupName != oldObject.?spec.?targetGroupName ||
object.?spec.?targetGroupProtocol != oldObject.?spec.?targetGroupProtocol
{{- end -}}
