"""The URLs of the admin. Importing them loads the admins of all apps."""

from django.contrib import admin

admin.autodiscover()

from inbox.site import user_admin  # noqa: E402, F401 - replaces some of them

urlpatterns = admin.site.urls[0]
