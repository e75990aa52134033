from django.contrib import admin

from tags.models import Tag, free_slug


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ["name", "slug", "color"]
    search_fields = ["name"]
    readonly_fields = ["slug"]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.slug = free_slug(obj.name)
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request, obj=None) -> bool:
        return False  # the conversations would lose it without an event: DELETE /api/tags/{id} does both
