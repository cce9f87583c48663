from django.urls import path

from whatsapp.sandbox.views import ChatView, MediaView, NumbersView

urlpatterns = [
    path("numbers/", NumbersView.as_view()),
    path("chats/<str:phone>/", ChatView.as_view()),
    path("media/<str:provider_id>/", MediaView.as_view()),
]
