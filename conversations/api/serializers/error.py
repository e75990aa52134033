"""The body of every error."""

from rest_framework import serializers


class ErrorSerializer(serializers.Serializer):
    error = serializers.CharField(help_text="A message that says what is wrong")
    field = serializers.CharField(required=False, help_text="The parameter or field that is invalid")
