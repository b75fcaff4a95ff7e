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
- { name: SONOBRIDGE_POSTGRES_SSLMODE, value: {{ .root.Values.postgres.sslMode | quote }} }
{{- if .root.Values.postgres.caSecret }}
- { name: SONOBRIDGE_POSTGRES_CA_FILE, value: /run/secrets/postgres-ca/ca.crt }
{{- end }}
{{- end }}

{{- define "sonobridge.kafkaEnv" -}}
- { name: SONOBRIDGE_KAFKA_BOOTSTRAP, value: {{ .bootstrap | quote }} }
- { name: SONOBRIDGE_TOPIC_PREFIX, value: {{ .topicPrefix | quote }} }
- { name: SONOBRIDGE_KAFKA_SECURITY_PROTOCOL, value: {{ .securityProtocol | quote }} }
{{- if hasPrefix "SASL_" .securityProtocol }}
- { name: SONOBRIDGE_KAFKA_SASL_MECHANISM, value: {{ .saslMechanism | quote }} }
- { name: SONOBRIDGE_KAFKA_USERNAME, value: {{ required "kafka.username says who signs in by SASL" .username | quote }} }
- { name: SONOBRIDGE_KAFKA_PASSWORD_FILE, value: /run/secrets/kafka/password }
{{- end }}
{{- if .caSecret }}
- { name: SONOBRIDGE_KAFKA_CA_FILE, value: /run/secrets/kafka-ca/ca.crt }
{{- end }}
{{- end }}

{{- define "sonobridge.kafkaMounts" -}}
{{- if hasPrefix "SASL_" .securityProtocol }}
- { name: kafka, mountPath: /run/secrets/kafka, readOnly: true }
{{- end }}
{{- if .caSecret }}
- { name: kafka-ca, mountPath: /run/secrets/kafka-ca, readOnly: true }
{{- end }}
{{- end }}

{{- define "sonobridge.kafkaVolumes" -}}
{{- if hasPrefix "SASL_" .securityProtocol }}
- name: kafka
  secret:
    secretName: {{ required "kafka.passwordSecret holds the password for SASL" .passwordSecret }}
    defaultMode: 0440
{{- end }}
{{- if .caSecret }}
- name: kafka-ca
  secret:
    secretName: {{ .caSecret }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{- define "sonobridge.databaseMounts" -}}
- { name: postgres, mountPath: /run/secrets/postgres, readOnly: true }
{{- if .root.Values.postgres.caSecret }}
- { name: postgres-ca, mountPath: /run/secrets/postgres-ca, readOnly: true }
{{- end }}
{{- end }}

{{- define "sonobridge.databaseVolumes" -}}
- name: postgres
  secret:
    secretName: {{ .root.Values.postgres.passwordsSecret }}
    defaultMode: 0440
    items:
      - { key: {{ .user }}, path: {{ .user }} }
{{- with .root.Values.postgres.caSecret }}
- name: postgres-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- end }}
