{{- define "sonobridge.labels" -}}
app.kubernetes.io/name: sonobridge
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "sonobridge.selector" -}}
app.kubernetes.io/name: sonobridge
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "sonobridge.image" -}}
{{ .root.Values.image.registry }}/{{ .image }}:{{ .root.Values.image.tag }}
{{- end }}

{{- define "sonobridge.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "sonobridge.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "sonobridge.databaseEnv" -}}
- { name: SONOBRIDGE_POSTGRES_HOST, value: {{ .root.Values.postgres.host | quote }} }
- { name: SONOBRIDGE_POSTGRES_PORT, value: {{ .root.Values.postgres.port | quote }} }
- { name: SONOBRIDGE_POSTGRES_DATABASE, value: {{ .root.Values.postgres.database | quote }} }
- { name: SONOBRIDGE_POSTGRES_USER, value: {{ .user | quote }} }
- { name: SONOBRIDGE_POSTGRES_PASSWORD_FILE, value: {{ printf "/run/secrets/postgres/%s" .user | quote }} }
{{- end }}

{{- define "sonobridge.databaseVolume" -}}
- name: postgres
  secret:
    secretName: {{ .root.Values.postgres.passwordsSecret }}
    defaultMode: 0440
    items:
      - { key: {{ .user }}, path: {{ .user }} }
{{- end }}
