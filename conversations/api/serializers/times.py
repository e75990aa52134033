"""Serializers of contact times: when customers have written, and when messages of the Page were answered."""

from rest_framework import serializers

from conversations.search.contact_times import MINIMUM, Answers, ContactTimes, best


def hours_of_week(help_text: str) -> serializers.ListField:
    """Numbers by weekday, Monday first, and hour."""
    hours = serializers.ListField(child=serializers.IntegerField(), min_length=24, max_length=24)
    return serializers.ListField(child=hours, min_length=7, max_length=7, help_text=help_text)


class BusyHourSerializer(serializers.Serializer):
    weekday = serializers.IntegerField(help_text="0 is Monday")
    hour = serializers.IntegerField()
    observations = serializers.IntegerField(help_text="Messages")


class ReceivedTimesSerializer(serializers.Serializer):
    observations = serializers.IntegerField(help_text="Messages")
    isEnough = serializers.BooleanField(help_text="false: too few for a conclusion; `best` is empty")
    hours = hours_of_week("Messages by weekday, Monday first, and hour")
    best = BusyHourSerializer(
        many=True, help_text="Up to three hours of the week with most messages, and at least two"
    )


class AnswersSerializer(serializers.Serializer):
    observations = serializers.IntegerField(help_text="Messages that the Page sent then")
    answered = serializers.IntegerField(help_text="Those that were answered within 24 hours")
    share = serializers.FloatField(allow_null=True, help_text="From 0 to 1; null: too few observations")


class AnswerTimesSerializer(AnswersSerializer):
    isEnough = serializers.BooleanField(help_text="false: too few for a conclusion")
    sent = hours_of_week("Messages of the Page by weekday, Monday first, and hour")
    answeredHours = hours_of_week(
        "Those that were answered within 24 hours, by the time of the Page's message"
    )
    weekdays = AnswersSerializer(many=True, help_text="Monday first")
    hours = AnswersSerializer(many=True, help_text="By hour of the day")
    bestWeekday = serializers.IntegerField(
        allow_null=True, help_text="The one with the highest share; null: no two can be compared"
    )
    bestHour = serializers.IntegerField(allow_null=True, help_text="Likewise")


class ContactTimesSerializer(serializers.Serializer):
    minimum = serializers.IntegerField(help_text="Observations below which nothing is concluded")
    received = ReceivedTimesSerializer(help_text="When messages come from customers")
    answers = AnswerTimesSerializer(help_text="When messages of the Page are answered within 24 hours")


class ConversationTimesSerializer(ContactTimesSerializer):
    timeZone = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True, help_text="Of the oldest message that counts")
    isComplete = serializers.BooleanField(help_text="false: only the newest messages count")


def contact_times_body(times: ContactTimes) -> dict:
    """Return the values of ContactTimesSerializer."""
    received, weekdays = sum(map(sum, times.received)), times.weekdays
    in_all = Answers(sum(one.observations for one in weekdays), sum(one.answered for one in weekdays))
    return {
        "minimum": MINIMUM,
        "received": {
            "observations": received,
            "isEnough": received >= MINIMUM,
            "hours": times.received,
            "best": [one._asdict() for one in times.busiest],
        },
        "answers": {
            **answers_body(in_all),
            "isEnough": in_all.share is not None,
            "sent": times.sent,
            "answeredHours": times.answered,
            "weekdays": [answers_body(one) for one in weekdays],
            "hours": [answers_body(one) for one in times.hours],
            "bestWeekday": best(weekdays),
            "bestHour": best(times.hours),
        },
    }


def answers_body(answers: Answers) -> dict:
    return {**answers._asdict(), "share": answers.share}
