"""The sync ledger: threads, and the coverage of a Page."""

from rest_framework import serializers

from conversations.models import Platform, Thread


class ThreadCountsSerializer(serializers.Serializer):
    listed = serializers.IntegerField(help_text="stored + merged + unreadable + owed")
    stored = serializers.IntegerField()
    merged = serializers.IntegerField(help_text="Duplicates: the sender has a newer thread")
    unreadable = serializers.IntegerField(help_text="Permanently")
    owed = serializers.IntegerField(help_text="Pending: the next run requests them again")


class MessageCountsSerializer(serializers.Serializer):
    listed = serializers.IntegerField(help_text="Facebook's own number, an estimate")
    held = serializers.IntegerField()
    unreadable = serializers.IntegerField()


class CoverageCountsSerializer(serializers.Serializer):
    threads = ThreadCountsSerializer()
    messages = MessageCountsSerializer()


class FileCountsSerializer(serializers.Serializer):
    waiting = serializers.IntegerField()
    kept = serializers.IntegerField()
    missing = serializers.IntegerField()


class UnfinishedListSerializer(serializers.Serializer):
    platform = serializers.ChoiceField(choices=Platform.choices)
    folder = serializers.CharField(allow_null=True, help_text="null: the inbox")
    reason = serializers.CharField()


class CoverageSerializer(CoverageCountsSerializer):
    lists = UnfinishedListSerializer(many=True, required=False, help_text="Lists of threads that never ended")
    gaps = serializers.IntegerField(
        required=False, help_text="Instagram threads with messages that are lost, if there are any"
    )
    archives = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        required=False,
        help_text='Months with messages of archives alone ("2021-05"): their number, and that of Facebook\'s',
    )
    files = FileCountsSerializer(required=False, help_text="Files of messages, where the archive keeps them")
    platforms = serializers.DictField(
        child=CoverageCountsSerializer(), required=False, help_text="The same by platform, if there are two"
    )


class ThreadSerializer(serializers.ModelSerializer):
    graph_id = serializers.CharField(help_text="Facebook ID")
    reason = serializers.CharField(help_text="Why it is unreadable or pending")
    conversation = serializers.IntegerField(
        source="conversation_id", allow_null=True, help_text="null if its sender is unknown"
    )

    class Meta:
        model = Thread
        fields = [
            "id",
            "graph_id",
            "platform",
            "state",
            "reason",
            "updated_time",
            "message_count",
            "held_count",
            "unreadable_count",
            "history",
            "gap_at",
            "conversation",
        ]
